package vsphere

import (
	"context"
	"time"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
)

// Tasks are polled, not watched: a poll holds no state in the session, so a
// session that expires in the middle of a long task loses nothing. The pause
// doubles from the first figure to the second.
const (
	taskPauseFirst = 10 * time.Millisecond
	taskPauseLast  = 2 * time.Second
)

// wait returns the task's result when it has ended, or its fault.
func (s *Site) wait(ctx context.Context, task types.ManagedObjectReference) (types.AnyType, error) {
	for pause := taskPauseFirst; ; pause = min(2*pause, taskPauseLast) {
		var t mo.Task
		if err := s.readOne(ctx, task, []string{"info"}, &t); err != nil {
			return nil, err
		}
		switch t.Info.State {
		case types.TaskInfoStateSuccess:
			return t.Info.Result, nil
		case types.TaskInfoStateError:
			if t.Info.Error == nil {
				return nil, &taskError{types.LocalizedMethodFault{Fault: &types.RuntimeFault{}}}
			}
			return nil, &taskError{*t.Info.Error}
		}
		if err := patience.Sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}
