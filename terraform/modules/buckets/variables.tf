variable "key_arn" {
  description = "The key that data are encrypted with."
  type        = string
}

variable "buckets" {
  description = "Names of the buckets: files, reports, logs."
  type        = map(string)
}

variable "allowed_origins" {
  description = "Web addresses whose pages upload files by presigned forms."
  type        = list(string)

  validation {
    condition     = alltrue([for origin in var.allowed_origins : startswith(origin, "https://") && !strcontains(origin, "*")])
    error_message = "Origins are full https addresses without a wildcard."
  }
}
