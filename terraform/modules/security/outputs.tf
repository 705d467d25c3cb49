output "group_ids" {
  description = "Security groups by role: balancer, server, edge, app, database, cache."
  value       = local.ids
}
