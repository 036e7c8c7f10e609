package portal

import (
	"net/http"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank"
)

// filters are the statuses that the list of consents can be narrowed to.
func filters() []onepoint.ConsentStatus {
	return []onepoint.ConsentStatus{
		onepoint.ConsentAwaiting, onepoint.ConsentAuthorised, onepoint.ConsentExpired, onepoint.ConsentRejected, onepoint.ConsentRevoked,
	}
}

func (p *Portal) consents(w http.ResponseWriter, r *http.Request, s session) error {
	q := modelbank.ConsentQuery{ListQuery: asked(r), Now: p.Now()}
	for _, status := range filters() {
		if r.URL.Query().Get("status") == string(status) {
			q.Status = status
		}
	}
	page, err := p.Store.ConsentPage(r.Context(), q)
	if err != nil {
		return err
	}
	const path = "/portal/operator/consents"
	p.show(w, r, http.StatusOK, "consents.html", view{
		Title: "Consents", Section: "operator", Here: "consents", session: s,
		Search: q.Search, Status: string(q.Status), First: q.After == "",
		Next: nextPage(path, q.Search, string(q.Status), page.Next),
		Data: map[string]any{"Consents": page.Consents, "Filters": filters()},
	})
	return nil
}

// consent shows one consent to an operator: what it covers, and no account
// number.
func (p *Portal) consent(w http.ResponseWriter, r *http.Request, s session) error {
	id, err := consentID(r)
	if err != nil {
		return err
	}
	page, err := p.Store.ConsentPage(r.Context(), modelbank.ConsentQuery{ListQuery: modelbank.ListQuery{Search: id}, Now: p.Now()})
	if err != nil {
		return err
	}
	for _, c := range page.Consents {
		if c.ID == id {
			p.show(w, r, http.StatusOK, "consent.html", view{Title: "Consent", Section: "operator", Here: "consents", Data: c, session: s})
			return nil
		}
	}
	return noPage()
}

func (p *Portal) clients(w http.ResponseWriter, r *http.Request, s session) error {
	q := asked(r)
	clients, next, err := p.Store.ClientPage(r.Context(), q)
	if err != nil {
		return err
	}
	p.show(w, r, http.StatusOK, "clients.html", view{
		Title: "TPPs", Section: "operator", Here: "clients", session: s, Search: q.Search, First: q.After == "",
		Next: nextPage("/portal/operator/clients", q.Search, "", next), Data: clients,
	})
	return nil
}

func (p *Portal) changes(w http.ResponseWriter, r *http.Request, s session) error {
	q := asked(r)
	page, err := p.Store.ConsentChanges(r.Context(), q, p.Now())
	if err != nil {
		return err
	}
	p.show(w, r, http.StatusOK, "changes.html", view{
		Title: "Latest changes", Section: "operator", Here: "changes", session: s, First: q.After == "",
		Next: nextPage("/portal/operator/changes", "", "", page.Next), Data: page.Consents,
	})
	return nil
}

// records shows a list of another part of the bank, or that there is none yet.
func (p *Portal) records(here, title string, of Records) ownPage {
	return func(w http.ResponseWriter, r *http.Request, s session) error {
		v := view{Title: title, Section: "operator", Here: here, session: s, First: true}
		if of != nil {
			q := asked(r)
			list, next, err := of.Records(r.Context(), q.Search, q.After, q.Limit)
			if err != nil {
				return err
			}
			v.Data, v.Search, v.First = list, q.Search, q.After == ""
			v.Next = nextPage("/portal/operator/"+here, q.Search, "", next)
		}
		p.show(w, r, http.StatusOK, "records.html", v)
		return nil
	}
}
