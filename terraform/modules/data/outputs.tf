output "database_arn" {
  description = "The database, for its copy in the second region."
  value       = aws_db_instance.this.arn
}

output "database" {
  description = "The database as services and alarms know it."
  value = {
    identifier = aws_db_instance.this.identifier
    address    = aws_db_instance.this.address
    name       = aws_db_instance.this.db_name
    storage    = aws_db_instance.this.allocated_storage
  }
}

output "master_secret_arn" {
  description = "The secret that has the master's name and password, RDS's or our own; migrations read it."
  value       = local.own_master ? aws_secretsmanager_secret.master[0].arn : aws_db_instance.this.master_user_secret[0].secret_arn
}

output "monitoring_role_arn" {
  description = "The role by which RDS writes what a database's machine is doing."
  value       = aws_iam_role.monitoring.arn
}
