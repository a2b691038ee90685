"""Each framework: real applications, real files, and the frameworks' own tests."""
