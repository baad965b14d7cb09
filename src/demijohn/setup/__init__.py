"""What happens before the first request: registrations, settings, commands, start and stop."""
