"""What many APIs need beside their views: lists, entity tags, repeated requests and callers."""
