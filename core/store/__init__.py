"""The files of a workspace: paths, reading and writing."""
