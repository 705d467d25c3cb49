output "url" {
  description = "Valkey without a password; TLS only."
  value       = "rediss://${aws_elasticache_replication_group.this.primary_endpoint_address}:${var.port}/0"
}

output "group" {
  description = "The cache's name, as alarms know it."
  value       = aws_elasticache_replication_group.this.id
}
