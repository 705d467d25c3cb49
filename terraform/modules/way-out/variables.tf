variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "region" {
  description = "The region, part of the endpoints' names."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "nat" {
  description = "How private subnets reach the internet: a gateway in each zone, one for all (cheaper; a lost zone takes the way out with it), or none."
  type        = string

  validation {
    condition     = contains(["each_zone", "one", "none"], var.nat)
    error_message = "nat is each_zone, one or none."
  }
}

variable "endpoints" {
  description = "AWS services that are reached inside the VPC, by an interface in each zone."
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "ec2messages", "kms", "logs", "secretsmanager", "ssm", "ssmmessages", "sts"]
  nullable    = false

  validation {
    condition     = alltrue([for name in var.endpoints : can(regex("^[a-z0-9.]+$", name))])
    error_message = "An endpoint is named as AWS names the service, such as ecr.api."
  }
}

variable "public_subnet_ids" {
  description = "By zone's letter, the subnets that NAT gateways are in."
  type        = map(string)
}

variable "machine_subnet_ids" {
  description = "By zone's letter, the subnets of the machines."
  type        = map(string)
}

variable "route_table_ids" {
  description = "By zone's letter, the route tables of the machines' subnets."
  type        = map(string)
}

variable "endpoints_security_group_id" {
  description = "The group of the interfaces to AWS's services."
  type        = string
}
