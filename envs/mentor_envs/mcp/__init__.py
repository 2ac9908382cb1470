"""MCP: any Model Context Protocol server becomes an environment."""
