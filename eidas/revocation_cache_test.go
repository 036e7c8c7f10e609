package eidas

import (
	"strconv"
	"testing"
	"time"
)

// The budget cannot be reached through Check in a test's time, hence within the
// package.
func TestCacheStaysWithinItsBudget(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	var c cache[int]
	c.put("ends first", 1, cacheBudget/2, at.Add(time.Minute), at)
	c.put("stays", 2, cacheBudget/4, at.Add(time.Hour), at)
	c.put("no end", 3, 1, time.Time{}, at)
	c.put("too long", 4, cacheBudget+1, at.Add(time.Hour), at)
	at = at.Add(2 * time.Minute)
	c.put("in place of what ended", 5, cacheBudget/2, at.Add(24*time.Hour), at)
	for key, want := range map[string]bool{"ends first": false, "stays": true, "no end": false, "too long": false, "in place of what ended": true} {
		if _, ok := c.get(key, at); ok != want {
			t.Errorf("%s: %t", key, ok)
		}
	}
	if _, ok := c.get("in place of what ended", at.Add(keepAnswer)); ok {
		t.Error("kept for more than an hour")
	}
	for i := range 100 {
		c.put(strconv.Itoa(i), i, cacheBudget/10, at.Add(time.Hour), at)
		c.put(strconv.Itoa(i), i, cacheBudget/10, at.Add(time.Hour), at)
	}
	sum := 0
	for _, item := range c.items {
		sum += item.size
	}
	if sum != c.size || sum > cacheBudget || len(c.items) < 9 {
		t.Errorf("%d bytes of %d items, counted as %d", sum, len(c.items), c.size)
	}
}
