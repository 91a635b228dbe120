"""Secrets Manager: moto's secrets, with what AWS refuses and moto takes."""
