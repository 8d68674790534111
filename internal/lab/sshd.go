package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// sshPort is where every host's sshd listens.
const sshPort = 22

func (h *Host) hostKey() string     { return filepath.Join(directory, "ssh", h.Name+"_host_key") }
func (h *Host) impostorKey() string { return filepath.Join(directory, "ssh", h.Name+"_impostor_key") }

// StartSSH starts the host's sshd, unless it runs, and returns when it answers.
func (h *Host) StartSSH(ctx context.Context) error { return h.startSSH(ctx, h.hostKey()) }

func (h *Host) startSSH(ctx context.Context, key string) error {
	if h.sshRunning() {
		return nil
	}
	settings := []string{
		"ListenAddress=" + h.Address,
		"Port=" + strconv.Itoa(sshPort),
		"HostKey=" + key,
		"AuthorizedKeysFile=" + newSSH().authorizedKeys(),
		"StrictModes=no",
		"PidFile=none",
		"UsePAM=no",
		"UseDNS=no",
		"PasswordAuthentication=no",
		"KbdInteractiveAuthentication=no",
		"PermitRootLogin=prohibit-password",
		"MaxStartups=100",
	}
	// Since OpenSSH 9.8 a client that failed to log in is shut out for a while; the option is an error before.
	const unpunished = "PerSourcePenalties=no"
	if check := sshdCommand(append(settings, unpunished), "-t"); h.Command(ctx, check[0], check[1:]...).Run() == nil {
		settings = append(settings, unpunished)
	}
	if err := os.Remove(h.sshPIDFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	// The shell's process becomes sshd. It is detached, so that it outlives the calling process.
	start := append([]string{"--fork", "sh", "-c", `echo $$ >"$0"; exec "$@" </dev/null >/dev/null 2>&1`, h.sshPIDFile()},
		sshdCommand(settings, "-D", "-E", h.SSHLog())...)
	if _, err := capture(ctx, h.Command(ctx, "setsid", start...)); err != nil {
		return fmt.Errorf("start sshd on %s: %w", h.Name, err)
	}
	return h.waitSSH(ctx)
}

// sshdCommand is a command line of sshd with settings and without a configuration file. sshd starts itself again by its
// path, so it must have one.
func sshdCommand(settings []string, args ...string) []string {
	command := append([]string{"/usr/sbin/sshd", "-f", "/dev/null"}, args...)
	for _, setting := range settings {
		command = append(command, "-o", setting)
	}
	return command
}

// waitSSH returns when sshd accepts connections.
func (h *Host) waitSSH(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	err := poll(ctx, func() (bool, error) {
		if h.sshPID() != 0 && !h.sshRunning() {
			return false, errors.New("sshd ended")
		}
		return accepts(ctx, "tcp", net.JoinHostPort(h.Address, strconv.Itoa(sshPort))), nil
	})
	if err != nil {
		return fmt.Errorf("sshd on %s does not answer: %w\nThe end of %s:\n%s", h.Name, err, h.SSHLog(), tail(h.SSHLog(), 20))
	}
	return nil
}

// KillSSH ends the host's sshd and all its sessions by SIGKILL. Programs in them run until they notice.
func (h *Host) KillSSH(ctx context.Context) error {
	sessions, err := h.SSHSessions()
	if err != nil {
		return err
	}
	doomed := []int{h.sshPID()}
	for _, session := range sessions {
		// The connection may be a child's, which depends on OpenSSH's release and on who has logged in. It is in its
		// parent's session of processes; the user's programs are in one of their own.
		doomed = append(doomed, sessionOf(session)...)
	}
	for _, pid := range doomed {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("kill sshd %d of %s: %w", pid, h.Name, err)
		}
	}
	return poll(ctx, func() (bool, error) { return !h.sshRunning(), nil })
}

// sessionOf are a process and the others of the session that it leads, if it leads one.
func sessionOf(leader int) []int {
	found := []int{leader}
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, entry := range entries {
		pid, err := strconv.Atoi(filepath.Base(entry))
		if err != nil || pid == leader {
			continue
		}
		status, err := os.ReadFile(filepath.Join(entry, "stat"))
		if err != nil {
			continue // It ended meanwhile.
		}
		// proc(5): "pid (name) state ppid pgrp session ..."; the name may hold anything.
		fields := strings.Fields(string(status[bytes.LastIndexByte(status, ')')+1:]))
		if len(fields) > 3 && fields[3] == strconv.Itoa(leader) {
			found = append(found, pid)
		}
	}
	return found
}

// PauseSSH stops the host's sshd (SIGSTOP): it accepts connections and never answers. Sessions continue.
func (h *Host) PauseSSH() error { return syscall.Kill(h.sshPID(), syscall.SIGSTOP) }

// ContinueSSH ends a [Host.PauseSSH].
func (h *Host) ContinueSSH() error { return syscall.Kill(h.sshPID(), syscall.SIGCONT) }

// ChangeHostKey restarts the host's sshd with a host key that nobody knows, as an impostor's or a reinstalled host's.
// Sessions end. [Host.RestartSSH] and [World.Heal] end it.
func (h *Host) ChangeHostKey(ctx context.Context) error {
	if err := h.KillSSH(ctx); err != nil {
		return err
	}
	return h.startSSH(ctx, h.impostorKey())
}

// RestartSSH ends the host's sshd with all its sessions and starts it with the key that everybody knows.
func (h *Host) RestartSSH(ctx context.Context) error {
	if err := h.KillSSH(ctx); err != nil {
		return err
	}
	return h.StartSSH(ctx)
}

// healSSH makes sshd run, answer, and have the key that everybody knows.
func (h *Host) healSSH(ctx context.Context) error {
	if !h.sshRunning() {
		return h.StartSSH(ctx)
	}
	if err := h.ContinueSSH(); err != nil {
		return err
	}
	commandLine, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", h.sshPID()))
	if err != nil {
		return err
	}
	if strings.Contains(string(commandLine), h.impostorKey()) {
		return h.RestartSSH(ctx)
	}
	return nil
}

// SSHSessions are the processes of sshd that serve a connection, from its first byte to its end.
func (h *Host) SSHSessions() ([]int, error) {
	listener := strconv.Itoa(h.sshPID())
	children, err := os.ReadFile(filepath.Join("/proc", listener, "task", listener, "children"))
	if err != nil {
		return nil, err
	}
	var sessions []int
	for _, child := range strings.Fields(string(children)) {
		pid, err := strconv.Atoi(child)
		if err != nil {
			return nil, err
		}
		if processState(pid) != 0 {
			sessions = append(sessions, pid)
		}
	}
	return sessions, nil
}

// SSHLogins is how many logins by SSH the host has accepted so far.
func (h *Host) SSHLogins() (int, error) {
	log, err := os.ReadFile(h.SSHLog())
	return bytes.Count(log, []byte("Accepted publickey for ")), err
}

// SSHLog is sshd's log file.
func (h *Host) SSHLog() string { return filepath.Join(h.Directory, "log", "sshd.log") }

func (h *Host) sshPIDFile() string { return filepath.Join(h.Directory, "sshd.pid") }

func (h *Host) sshPID() int {
	pid, _ := readPID(h.sshPIDFile())
	return pid
}

func (h *Host) sshRunning() bool {
	pid := h.sshPID()
	return pid != 0 && processState(pid) != 0
}
