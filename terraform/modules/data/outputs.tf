output "database_url" {
  description = "Postgres without user and password: services add their role and the password of their secret."
  value = join("", [
    "postgresql://", aws_db_instance.this.address, ":", aws_db_instance.this.port, "/", aws_db_instance.this.db_name,
    "?sslmode=verify-full&sslrootcert=", var.database_ca_path,
  ])
}

output "database_arn" {
  description = "The database, for its copy in the second region."
  value       = aws_db_instance.this.arn
}

output "database_identifier" {
  description = "The database's name, as alarms know it."
  value       = aws_db_instance.this.identifier
}

output "master_secret_arn" {
  description = "The secret that has the master's name and password, RDS's or our own; migrations read it."
  value       = local.own_master ? aws_secretsmanager_secret.master[0].arn : aws_db_instance.this.master_user_secret[0].secret_arn
}

output "redis_url" {
  description = "Valkey without a password; TLS only."
  value       = "rediss://${aws_elasticache_replication_group.this.primary_endpoint_address}:${var.ports.redis}/0"
}

output "cache_group" {
  description = "The cache's name, as alarms know it."
  value       = aws_elasticache_replication_group.this.id
}

output "bucket_names" {
  description = "The buckets: files, reports, logs."
  value       = { for kind, bucket in aws_s3_bucket.this : kind => bucket.id }
}

output "log_bucket_name" {
  description = "The bucket of logs, once load balancers may write into it: they try as soon as they are told."
  value       = aws_s3_bucket_policy.this["logs"].bucket
}

output "bucket_arns" {
  description = "The same, for policies."
  value       = { for kind, bucket in aws_s3_bucket.this : kind => bucket.arn }
}

output "versioned_bucket_names" {
  description = "The buckets, once versions are on: what copies them waits for that."
  value       = { for kind, it in aws_s3_bucket_versioning.this : kind => it.bucket }
}

output "monitoring_role_arn" {
  description = "The role by which RDS writes what a database's machine is doing."
  value       = aws_iam_role.monitoring.arn
}
