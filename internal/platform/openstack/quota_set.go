package openstack

import (
	"encoding/json"
	"fmt"
)

// quotaSet is a service's limits by its own names. Beside them it may hold the
// project's id.
type quotaSet map[string]measure

// UnmarshalJSON implements json.Unmarshaler and leaves out what is no limit.
func (q *quotaSet) UnmarshalJSON(b []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return fmt.Errorf("quota: %w", err)
	}
	*q = quotaSet{}
	for k, v := range all {
		var m measure
		if json.Unmarshal(v, &m) == nil {
			(*q)[k] = m
		}
	}
	return nil
}
