output "group_ids" {
  description = "Security groups by role: balancer, server, edge, app, database, cache."
  value       = { for name, group in aws_security_group.this : name => group.id }
}
