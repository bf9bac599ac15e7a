"""Mutated payloads and random JSON, all the way from the body to what Slack would be sent."""
