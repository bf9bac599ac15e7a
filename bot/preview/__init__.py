"""Chat without Slack: messages are kept in the store and shown on the bot's own page."""
