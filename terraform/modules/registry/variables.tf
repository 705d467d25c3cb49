variable "repository" {
  description = "Name of the image's repository."
  type        = string
}

variable "mirror_prefix" {
  description = "What the tags of others' images begin with."
  type        = string
}

variable "key_arn" {
  description = "The key that images are encrypted with."
  type        = string
}

variable "keep" {
  description = "How many images are kept, newest first; more than anybody would roll back by. A commit has four: the service's, the load tests', and a signature of each."
  type        = number
  default     = 1000

  validation {
    condition     = var.keep >= 20 && var.keep <= 1000
    error_message = "Between 20 and 1000 images are kept."
  }
}
