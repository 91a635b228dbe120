"""EC2 and its networks: what AWS refuses and moto takes, and what moto loses."""
