package main

import (
	"context"
	"log/slog"
	"os"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// logger carries the server's log lines to slog.
type logger struct{ to *slog.Logger }

var (
	_ log.Logger     = logger{}
	_ log.WithLogger = logger{}
)

func newLogger(to *slog.Logger) log.Logger { return logger{to} }

func (l logger) write(level slog.Level, msg string, tags []tag.Tag) {
	if l.to.Enabled(context.Background(), level) {
		l.to.Log(context.Background(), level, msg, attrs(tags)...)
	}
}

func attrs(tags []tag.Tag) []any {
	a := make([]any, 0, len(tags))
	for _, t := range tags {
		a = append(a, slog.Any(t.Key(), t.Value()))
	}
	return a
}

func (l logger) With(tags ...tag.Tag) log.Logger    { return logger{l.to.With(attrs(tags)...)} }
func (l logger) Debug(msg string, tags ...tag.Tag)  { l.write(slog.LevelDebug, msg, tags) }
func (l logger) Info(msg string, tags ...tag.Tag)   { l.write(slog.LevelInfo, msg, tags) }
func (l logger) Warn(msg string, tags ...tag.Tag)   { l.write(slog.LevelWarn, msg, tags) }
func (l logger) Error(msg string, tags ...tag.Tag)  { l.write(slog.LevelError, msg, tags) }
func (l logger) DPanic(msg string, tags ...tag.Tag) { l.write(slog.LevelError, msg, tags) }

// Panic and Fatal do not return: the server relies on it.

func (l logger) Panic(msg string, tags ...tag.Tag) {
	l.write(slog.LevelError, msg, tags)
	panic(msg)
}

func (l logger) Fatal(msg string, tags ...tag.Tag) {
	l.write(slog.LevelError, msg, tags)
	os.Exit(1)
}
