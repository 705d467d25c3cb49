output "secret_arns" {
  description = "Every secret by its name after the prefix."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
}
