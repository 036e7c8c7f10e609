// Package job is durable work: a committed event starts a job, which runs until
// it is done, whatever dies in between.
//
// It wraps River, which keeps its tables in the platform's own database, so that
// a job commits together with the row that asks for it. Nobody else imports
// River. A handler may run more than once and must be idempotent; it must also
// obey its context.
package job
