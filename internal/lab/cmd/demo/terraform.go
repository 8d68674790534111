package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// cleanUpTime is what an interrupted Terraform has for cancelling a move.
const cleanUpTime = 2 * time.Minute

// terraform is the CLI in the demo's workspace.
type terraform struct {
	kit *kit
	// show gets every line that is worth seeing, as Terraform words it.
	show func(line string)
}

func (t *terraform) init(ctx context.Context) error {
	if printed, err := t.command(ctx, "init", "-input=false", "-no-color").CombinedOutput(); err != nil {
		return fmt.Errorf("terraform init: %w\n%s", err, printed)
	}
	return nil
}

// apply runs terraform apply and returns what Terraform reported as errors: none after success. The error is for an
// apply that gave no result, because it was interrupted or could not be run.
func (t *terraform) apply(ctx context.Context, args ...string) ([]diagnostic, error) {
	cmd := t.command(ctx, append([]string{"apply", "-json", "-auto-approve", "-input=false"}, args...)...)
	// A resource tells its progress to the log only.
	cmd.Env = append(cmd.Env, "TF_LOG_PROVIDER=INFO")
	events, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	logged, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	hearing := &hearing{show: t.show}
	var readers sync.WaitGroup
	readers.Go(func() { eachLine(events, hearing.event) })
	readers.Go(func() { eachLine(logged, hearing.log) })
	readers.Wait()
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil && len(hearing.failures) == 0:
		return nil, fmt.Errorf("terraform apply: %w\n%s", err, hearing.unknown.String())
	}
	return hearing.failures, nil
}

// outputs decodes the root module's outputs into the fields of a struct, by their JSON names.
func (t *terraform) outputs(ctx context.Context, into any) error {
	printed, err := t.command(ctx, "output", "-json").Output()
	if err != nil {
		return fmt.Errorf("terraform output: %w", err)
	}
	var wrapped map[string]struct{ Value json.RawMessage }
	if err := json.Unmarshal(printed, &wrapped); err != nil {
		return fmt.Errorf("terraform output: %w", err)
	}
	values := make(map[string]json.RawMessage, len(wrapped))
	for name, output := range wrapped {
		values[name] = output.Value
	}
	document, err := json.Marshal(values)
	if err != nil {
		return err
	}
	return json.Unmarshal(document, into)
}

// command is a call of Terraform. It runs in a process group of its own, so that a Ctrl-C at the terminal reaches it
// once, by the end of the context: the second one would make it leave at once.
func (t *terraform) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, t.kit.Terraform, args...)
	cmd.Dir = t.kit.workspace()
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+t.kit.cliConfig(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
		"VIRT_REPORT_DIRECTORY="+t.kit.Reports)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = cleanUpTime
	return cmd
}

func eachLine(r io.Reader, take func(line []byte)) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			take(line)
		}
		if err != nil {
			return
		}
	}
}
