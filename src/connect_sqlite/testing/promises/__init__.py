"""The contract by themes: each file holds the tests of one."""
