package bunq

import (
	"context"
	"net"
	"slices"
)

type passwordObject struct {
	ID         int64            `json:"id"`
	Created    string           `json:"created"`
	Updated    string           `json:"updated"`
	Status     string           `json:"status"`
	ExpiryTime *string          `json:"expiry_time"`
	TokenValue string           `json:"token_value,omitempty"`
	Device     []map[string]any `json:"permitted_device"`
}

type ipObject struct {
	ID      int64  `json:"id"`
	Created string `json:"created"`
	Updated string `json:"updated"`
	IP      string `json:"ip"`
	Status  string `json:"status"`
}

func showIP(ip permittedIP) ipObject {
	return ipObject{ip.ID, stamp(ip.Created), stamp(ip.Updated), ip.IP, ip.Status}
}

// passwordObject shows an API key; its token is shown once, when it is made.
func (s *Server) passwordObject(row credential, token string) passwordObject {
	out := passwordObject{ID: row.ID, Created: stamp(row.Created), Updated: stamp(row.Created), Status: "ACTIVE", TokenValue: token, Device: []map[string]any{}}
	if !row.Used && !row.Expires.IsZero() {
		at := stamp(row.Expires)
		out.Status, out.ExpiryTime = "PENDING_FIRST_USE", &at
	}
	for _, ip := range row.IPs {
		out.Device = append(out.Device, map[string]any{"description": "", "ip": ip.IP})
	}
	return out
}

// passwords are the API keys of the session's user.
func (s *Server) passwords(ctx context.Context, c *call) ([]credential, error) {
	if err := s.owns(ctx, c); err != nil {
		return nil, err
	}
	user := c.session.Provider
	if c.grant != nil {
		user = c.grant.ID
	}
	return s.credentials.Of(ctx, key(user), maxRows)
}

func (s *Server) password(ctx context.Context, c *call) (credential, error) {
	rows, err := s.passwords(ctx, c)
	if err != nil {
		return credential{}, err
	}
	id, err := c.number("id")
	if err != nil {
		return credential{}, err
	}
	i := slices.IndexFunc(rows, func(o credential) bool { return o.ID == id })
	if i < 0 {
		return credential{}, missing()
	}
	return rows[i], nil
}

func (s *Server) listPasswords(ctx context.Context, c *call) (answer, error) {
	rows, err := s.passwords(ctx, c)
	if err != nil {
		return answer{}, err
	}
	return paged(s, c, "CredentialPasswordIp", rows, func(o credential) int64 { return o.ID },
		func(o credential) (any, error) { return s.passwordObject(o, ""), nil })
}

func (s *Server) getPassword(ctx context.Context, c *call) (answer, error) {
	row, err := s.password(ctx, c)
	return one("CredentialPasswordIp", s.passwordObject(row, "")), err
}

func (s *Server) listIPs(ctx context.Context, c *call) (answer, error) {
	row, err := s.password(ctx, c)
	shown := make([]ipObject, 0, len(row.IPs))
	for _, ip := range row.IPs {
		shown = append(shown, showIP(ip))
	}
	return list("PermittedIp", shown), err
}

// ipOf reads an address and a status; both are optional in a change.
func (c *call) ipOf() (permittedIP, error) {
	var in struct {
		IP     string `json:"ip"`
		Status string `json:"status"`
	}
	if err := c.decode(&in); err != nil {
		return permittedIP{}, err
	}
	if in.IP != "" && in.IP != "*" && net.ParseIP(in.IP) == nil {
		return permittedIP{}, bad("The IP address is not valid.")
	}
	if in.Status != "" && in.Status != statusActive && in.Status != "INACTIVE" {
		return permittedIP{}, bad("The status must be ACTIVE or INACTIVE.")
	}
	return permittedIP{IP: in.IP, Status: in.Status}, nil
}

func (s *Server) addIP(ctx context.Context, c *call) (answer, error) {
	row, err := s.password(ctx, c)
	if err != nil {
		return answer{}, err
	}
	in, err := c.ipOf()
	if err != nil {
		return answer{}, err
	}
	if in.IP == "" {
		return answer{}, bad("The IP address is required.")
	}
	if in.Status == "" {
		in.Status = statusActive
	}
	in.Created, in.Updated = s.now(), s.now()
	_, err = s.credentials.Update(ctx, row.Hash, func(o *credential) error {
		if len(o.IPs) >= maxCallbacks {
			return bad("You have reached the maximum number of IP addresses.")
		}
		in.ID = o.IPs[len(o.IPs)-1].ID + 1
		o.IPs = append(o.IPs, in)
		return nil
	})
	return created(in.ID), err
}

func (s *Server) getIP(ctx context.Context, c *call) (answer, error) {
	row, err := s.password(ctx, c)
	if err != nil {
		return answer{}, err
	}
	item, err := c.number("item")
	i := slices.IndexFunc(row.IPs, func(ip permittedIP) bool { return ip.ID == item })
	if err != nil || i < 0 {
		return answer{}, missing()
	}
	return one("PermittedIp", showIP(row.IPs[i])), nil
}

func (s *Server) putIP(ctx context.Context, c *call) (answer, error) {
	row, err := s.password(ctx, c)
	if err != nil {
		return answer{}, err
	}
	item, err := c.number("item")
	if err != nil {
		return answer{}, err
	}
	in, err := c.ipOf()
	if err != nil {
		return answer{}, err
	}
	_, err = s.credentials.Update(ctx, row.Hash, func(o *credential) error {
		i := slices.IndexFunc(o.IPs, func(ip permittedIP) bool { return ip.ID == item })
		if i < 0 {
			return missing()
		}
		if in.IP != "" {
			o.IPs[i].IP = in.IP
		}
		if in.Status != "" {
			o.IPs[i].Status = in.Status
		}
		o.IPs[i].Updated = s.now()
		return nil
	})
	return created(item), err
}
