# Every name in one place. It asks no provider, so `terraform test` proves it anywhere.

locals {
  names  = jsondecode(file("${path.module}/names.json"))
  prefix = "${local.names.project}-${var.environment}"

  # Of what is the account's in all regions, and of the copies that wait: roles, buckets, the database.
  apart = var.second ? replace(local.names.second.prefix, "{environment}", var.environment) : local.prefix

  service_secrets = merge([
    for service, needs in local.names.services : {
      for secret in needs.secrets : "${service}/${secret}" => { service = service, form = secret }
    }
  ]...)

  # Jobs and, for each, the names that its identity carries. Services share one jobspec.
  tasks = merge(
    { for service in keys(local.names.services) : service => {
      job   = replace(local.names.jobs.service, "{service}", service)
      group = local.names.tasks.service.group
      task  = local.names.tasks.service.task
    } },
    { for name in local.names.task_roles : name => {
      job   = local.names.jobs[name]
      group = local.names.tasks[name].group
      task  = local.names.tasks[name].task
    } },
  )

  # Secrets that tasks other than services read: migrations every role's password, others what is named.
  task_secrets = merge(
    { for name in local.names.task_roles : name => try(local.names.tasks[name].secrets, []) },
    { migrate = [for name, it in local.service_secrets : name if it.form == "database"] },
  )
}
