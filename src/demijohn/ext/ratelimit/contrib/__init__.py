"""What only some deployments have."""
