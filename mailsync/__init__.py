"""mailsync moves a domain's mail without losing any: Terraform for mail DNS."""

__version__ = "0.1.0"
