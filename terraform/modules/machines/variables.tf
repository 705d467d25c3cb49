variable "name" {
  description = "The group's name, and its machines'."
  type        = string
}

variable "pool" {
  description = "Least, wished-for and greatest number of machines."
  type        = object({ least = number, wished = number, most = number })
}

variable "subnet_ids" {
  description = "Private subnets in three zones."
  type        = list(string)
}

variable "target_group_arns" {
  description = "Target groups that the machines join."
  type        = list(string)
}

variable "launch_template" {
  description = "What machines start from: id and version."
  type        = object({ id = string, version = number })
}

variable "most_healthy" {
  description = "During a refresh, this many percent of the machines at most."
  type        = number
}

variable "role_tag" {
  description = "The tag that tells a machine's role."
  type        = object({ key = string, value = string })
}

variable "hooks" {
  description = "Lifecycle hooks, at launch and for the drain: name, and for how many seconds each waits for a word."
  type = object({
    launch = object({ name = string, seconds = number })
    drain  = object({ name = string, seconds = number })
  })
}
