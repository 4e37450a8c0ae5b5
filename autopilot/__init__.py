"""The daemon and its command line: everything that touches a clock, a disk, a process or a network."""
