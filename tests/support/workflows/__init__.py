"""What the workflow files are run with where GitHub is not: stand-ins for the marketplace's actions, a small polluted project, events."""
