"""The commands that submit and follow runs."""
