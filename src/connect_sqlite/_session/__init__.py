"""What a session is and what is to happen to it.  Pure: only `carry` runs steps on a store."""
