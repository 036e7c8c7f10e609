package main

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// measureLimit bounds one scrape.
const measureLimit = 5 * time.Second

// metrics serves what an operator watches, in a registry of its own.
func (p *platformSide) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(&stateCollector{
		platform: p,
		expires: prometheus.NewDesc("onepoint_certificate_expires_seconds",
			"Seconds until the certificate ends; negative once it has.", []string{"name", "kind"}, nil),
		registration: prometheus.NewDesc("onepoint_registration_status",
			"1 for the status that the registration at the bank has.", []string{"bank", "status"}, nil),
	})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError})
}

// stateCollector reads the platform's state when it is asked.
type stateCollector struct {
	platform     *platformSide
	expires      *prometheus.Desc
	registration *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (s *stateCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- s.expires
	ch <- s.registration
}

// Collect implements prometheus.Collector.
func (s *stateCollector) Collect(ch chan<- prometheus.Metric) {
	p := s.platform
	ctx, cancel := context.WithTimeout(p.quitting, measureLimit)
	defer cancel()
	certificates, err := p.certs.List(ctx, p.Workspace)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(s.expires, err)
	}
	for _, c := range certificates {
		if !c.NotAfter.IsZero() {
			left := c.NotAfter.Sub(p.config.Now()).Seconds()
			ch <- prometheus.MustNewConstMetric(s.expires, prometheus.GaugeValue, left, c.Name, string(c.Kind))
		}
	}
	registrations, err := p.onboard.Registrations(ctx, p.Workspace)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(s.registration, err)
	}
	for _, r := range registrations {
		ch <- prometheus.MustNewConstMetric(s.registration, prometheus.GaugeValue, 1, r.Bank, string(r.Status))
	}
}
