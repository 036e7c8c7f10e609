package obie

import "net/http"

// eventShape is one of the two kinds of subscription with its reader.
type eventShape struct {
	kind string
	read func(body []byte, id string) (EventSubscription, error)
}

type eventHandler = func(eventCall) (status int, body any, err error)

func (s *EventServer) create(shape eventShape) eventHandler {
	return func(c eventCall) (int, any, error) {
		sub, err := shape.read(c.body, "")
		if err != nil {
			return 0, nil, err
		}
		sub, err = s.Bank.Subscribe(c.Context(), c.tpp, sub)
		if err != nil {
			return 0, nil, err
		}
		return http.StatusCreated, sub.wire(s.BaseURL + c.URL.Path + "/" + sub.ID), nil
	}
}

func (s *EventServer) list(shape eventShape) eventHandler {
	return func(c eventCall) (int, any, error) {
		subs, err := s.Bank.Subscriptions(c.Context(), c.tpp, shape.kind)
		if err != nil {
			return 0, nil, err
		}
		return http.StatusOK, wireList(shape.kind, subs, s.BaseURL+c.URL.Path), nil
	}
}

func (s *EventServer) change(shape eventShape) eventHandler {
	return func(c eventCall) (int, any, error) {
		sub, err := shape.read(c.body, c.PathValue("id"))
		if err != nil {
			return 0, nil, err
		}
		sub, err = s.Bank.ChangeSubscription(c.Context(), c.tpp, sub)
		if err != nil {
			return 0, nil, err
		}
		return http.StatusOK, sub.wire(s.BaseURL + c.URL.Path), nil
	}
}

func (s *EventServer) remove(shape eventShape) eventHandler {
	return func(c eventCall) (int, any, error) {
		return http.StatusNoContent, nil, s.Bank.Unsubscribe(c.Context(), c.tpp, shape.kind, c.PathValue("id"))
	}
}

func (s *EventServer) poll(c eventCall) (int, any, error) {
	p, err := readPoll(c.body, c.info.Scopes)
	if err != nil {
		return 0, nil, err
	}
	batch, err := s.Bank.PollEvents(c.Context(), c.tpp, p)
	if err != nil {
		return 0, nil, err
	}
	w := wireBatch{MoreAvailable: batch.More, Sets: batch.Sets}
	if w.Sets == nil {
		w.Sets = map[string]string{}
	}
	return http.StatusOK, w, nil
}

func (s EventSubscription) wire(self string) any {
	if s.Kind == CallbackURLKind {
		return enveloped(s.callback(), self)
	}
	return enveloped(s.subscription(), self)
}

func (s EventSubscription) subscription() wireSubscription {
	return wireSubscription{ID: s.ID, CallbackURL: s.CallbackURL, Version: s.Version, EventTypes: s.EventTypes}
}

func (s EventSubscription) callback() wireCallback {
	return wireCallback{ID: s.ID, URL: s.CallbackURL, Version: s.Version}
}

// wireList is what the collection answers; it is empty, not absent, for a TPP
// that has none.
func wireList(kind string, subs []EventSubscription, self string) any {
	if kind == CallbackURLKind {
		list := wireCallbacks{CallbackURL: []wireCallback{}}
		for _, s := range subs {
			list.CallbackURL = append(list.CallbackURL, s.callback())
		}
		return enveloped(list, self)
	}
	list := wireSubscriptions{EventSubscription: []wireSubscription{}}
	for _, s := range subs {
		list.EventSubscription = append(list.EventSubscription, s.subscription())
	}
	return enveloped(list, self)
}
