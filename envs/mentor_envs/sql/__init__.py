"""sql: questions about SQLite databases, answered by queries; Spider's files load, too."""
