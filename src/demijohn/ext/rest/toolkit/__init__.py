"""What many APIs need beside their views: lists, entity tags, repeated requests, callers, several answers in one."""
