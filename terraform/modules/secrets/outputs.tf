output "secret_arns" {
  description = "Every secret by its name after the prefix."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
}

output "readable_by" {
  description = "By reader (a service, or a kind of machine): the secrets it may read."
  value = merge(
    {
      for service in distinct([for it in values(var.service_secrets) : it.service]) : service => concat(
        [for name, it in var.service_secrets : aws_secretsmanager_secret.this[name].arn if it.service == service],
        [for name, it in var.shared_secrets : aws_secretsmanager_secret.this[name].arn if contains(it.readers, "service")],
      )
    },
    {
      for role in ["server", "edge", "app"] : role => [
        for name, it in var.shared_secrets : aws_secretsmanager_secret.this[name].arn if contains(it.readers, role)
      ]
    },
    {
      for task, names in var.task_secrets : task => [for name in names : aws_secretsmanager_secret.this[name].arn]
      if length(names) > 0
    },
  )
}
