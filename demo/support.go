package demo

func fillSupport(c *content) { fillSmall(c) }
func fillSales(c *content)   { fillSmall(c) }
func fillAnna(c *content)    { fillSmall(c) }
