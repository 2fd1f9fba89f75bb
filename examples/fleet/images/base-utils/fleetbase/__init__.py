"""What every service of the fleet stands on: an HTTP server with strict health, its data folder, its faults on demand."""
