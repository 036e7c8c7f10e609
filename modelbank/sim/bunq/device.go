package bunq

import (
	"context"
)

type deviceObject struct {
	ID          int64  `json:"id"`
	Created     string `json:"created"`
	Updated     string `json:"updated"`
	Description string `json:"description"`
	IP          string `json:"ip"`
	Status      string `json:"status"`
}

func showDevice(d device) deviceObject {
	return deviceObject{d.ID, stamp(d.Created), stamp(d.Created), d.Description, "*", "ACTIVE"}
}

// usable finds an API key that may be used with this installation.
func (s *Server) usable(ctx context.Context, c *call, secret string) (credential, error) {
	refused := bad(badKey)
	row, err := s.credentials.Get(ctx, digest(secret))
	if err != nil {
		return row, unless(err, refused)
	}
	host, active := callerHost(c.Request), false
	for _, ip := range row.IPs {
		active = active || ip.Status == statusActive && (ip.IP == "*" || ip.IP == host)
	}
	late := !row.Used && !row.Expires.IsZero() && !s.now().Before(row.Expires)
	if !active || late || row.Installation != 0 && row.Installation != c.installation.ID {
		return row, refused
	}
	return row, nil
}

// addDevice registers the caller for an API key, which is the key's first use. A
// key has one device: registering it again is that one.
func (s *Server) addDevice(ctx context.Context, c *call) (answer, error) {
	var in struct {
		Description  string   `json:"description"`
		Secret       string   `json:"secret"`
		PermittedIPs []string `json:"permitted_ips"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.Description == "" {
		return answer{}, bad("The description is required.")
	}
	row, err := s.usable(ctx, c, in.Secret)
	if err != nil {
		return answer{}, err
	}
	if row.Device != 0 {
		return created(row.Device), nil
	}
	id, err := s.next(ctx, "device")
	if err != nil {
		return answer{}, err
	}
	d := device{ID: id, Installation: c.installation.ID, Description: in.Description, Created: s.now()}
	if err := s.devices.Add(ctx, key(id), key(d.Installation), d); err != nil {
		return answer{}, err
	}
	_, err = s.credentials.Update(ctx, row.Hash, func(o *credential) error { o.Used, o.Device = true, id; return nil })
	return created(id), err
}

func (s *Server) listDevices(ctx context.Context, c *call) (answer, error) {
	rows, err := s.devices.Of(ctx, key(c.installation.ID), maxPage)
	if err != nil {
		return answer{}, err
	}
	shown := make([]deviceObject, 0, len(rows))
	for _, d := range rows {
		shown = append(shown, showDevice(d))
	}
	return list("DeviceServer", shown), nil
}

func (s *Server) getDevice(ctx context.Context, c *call) (answer, error) {
	id, err := c.number("id")
	if err != nil {
		return answer{}, err
	}
	d, err := s.devices.Get(ctx, key(id))
	if err != nil {
		return answer{}, err
	}
	if d.Installation != c.installation.ID {
		return answer{}, missing()
	}
	return one("DeviceServer", showDevice(d)), nil
}
