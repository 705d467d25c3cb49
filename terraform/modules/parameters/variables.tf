variable "prefix" {
  description = "What names begin with."
  type        = string
}
