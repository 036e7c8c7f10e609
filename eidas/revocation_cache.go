package eidas

import (
	"sync"
	"time"
)

// cacheBudget bounds what one cache keeps, in bytes of the answers as they came.
const cacheBudget = 16 << 20

// cache keeps answers until they end. The zero value is empty and ready.
type cache[V any] struct {
	mu    sync.Mutex
	items map[string]cached[V]
	size  int
}

type cached[V any] struct {
	value V
	until time.Time
	size  int
}

func (c *cache[V]) get(key string, now time.Time) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	item, ok := c.items[key]
	if !ok || !now.Before(item.until) {
		var none V
		return none, false
	}
	return item.value, true
}

// put keeps the value until nextUpdate, at most for keepAnswer; an answer that
// names no end is not kept.
func (c *cache[V]) put(key string, value V, size int, nextUpdate, now time.Time) {
	until := now.Add(keepAnswer)
	if nextUpdate.Before(until) {
		until = nextUpdate
	}
	if !until.After(now) || size > cacheBudget {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items == nil {
		c.items = map[string]cached[V]{}
	}
	c.remove(key)
	c.makeRoom(size, now)
	c.items[key] = cached[V]{value: value, until: until, size: size}
	c.size += size
}

// makeRoom drops what ended, then whatever comes first: the budget is far above
// what a platform's banks and clients need, so that the choice hardly matters.
func (c *cache[V]) makeRoom(size int, now time.Time) {
	if c.size+size <= cacheBudget {
		return
	}
	for key, item := range c.items {
		if !now.Before(item.until) {
			c.remove(key)
		}
	}
	for key := range c.items {
		if c.size+size <= cacheBudget {
			return
		}
		c.remove(key)
	}
}

func (c *cache[V]) remove(key string) {
	if item, ok := c.items[key]; ok {
		c.size -= item.size
		delete(c.items, key)
	}
}
