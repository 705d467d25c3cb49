variable "environment" {
  description = "staging or production."
  type        = string
}

variable "account" {
  description = "The account that this may change; a plan with the credentials of another one fails."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "An AWS account's number has twelve digits."
  }
}

variable "region" {
  description = "The region."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region is named like eu-central-1."
  }
}

variable "second" {
  description = "Whether this is what takes over in the second region."
  type        = bool
  default     = false
}

variable "domain" {
  description = "The domain under which the environment is reached."
  type        = string
}

variable "zone_id" {
  description = "The Route 53 zone that holds the domain."
  type        = string
}

variable "mail_domain" {
  description = "The domain that mail is sent from; a verified identity of SES."
  type        = string
}

variable "operator_cidrs" {
  description = "Operators' addresses, for the consoles; empty: by Session Manager only."
  type        = set(string)
  default     = []
}

variable "github_repository" {
  description = "The repository whose workflows deploy, as OWNER@ID/NAME@ID."
  type        = string
}

variable "alarm_addresses" {
  description = "Mail addresses that alarms and the budget's notices go to."
  type        = set(string)
}

variable "monthly_budget" {
  description = "US dollars a month."
  type        = number
}

variable "log_days" {
  description = "For how many days logs are kept."
  type        = number
}

variable "pools" {
  description = "Machines by role; see the cluster module."
  type = map(object({
    type    = string
    least   = number
    wished  = number
    most    = number
    storage = number
  }))
}

variable "cache" {
  description = "Valkey: class and number of nodes."
  type        = object({ class = string, nodes = number })
}

variable "boundary_arn" {
  description = "The policy that bounds what roles may; terraform/bootstrap makes it."
  type        = string
}

variable "key_arns" {
  description = "The region's keys by purpose: data, logs."
  type        = map(string)
}

variable "network" {
  description = "The VPC, its addresses, and its subnets in three zones: for the load balancer, for machines and for data."
  type = object({
    vpc_id                   = string
    cidr                     = string
    load_balancer_subnet_ids = list(string)
    machine_subnet_ids       = list(string)
    data_subnet_ids          = list(string)
  })
}

variable "security_groups" {
  description = "Security groups by role that are there already, such as that of a database that was promoted."
  type        = map(string)
  default     = {}
}

variable "certificate_arn" {
  description = "The load balancer's certificate."
  type        = string
}

variable "database" {
  description = "Postgres as it is reached: its name at AWS, its address, the database in it, GiB of its disk."
  type        = object({ identifier = string, address = string, name = string, storage = number })
}

variable "master_secret_arn" {
  description = "The secret with the master's name and password; migrations read it."
  type        = string
}

variable "secret_arns" {
  description = "Every secret by its name after the prefix."
  type        = map(string)
}

variable "bucket_arns" {
  description = "The buckets: files, reports."
  type        = map(string)
}

variable "log_bucket" {
  description = "The bucket of logs, once load balancers may write into it."
  type        = string
}

variable "repository" {
  description = "The image's repository: its ARN, and the image without its tag."
  type        = object({ arn = string, url = string })
}
