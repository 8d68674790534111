package rpc

import (
	"encoding/binary"
	"fmt"
	"reflect"

	"github.com/digitalocean/go-libvirt"
)

// procedures are the calls that the guard lets pass, by their number in
// remote_protocol.x. The results of the library's method tell what it decodes of a
// reply.
var procedures = map[uint32]any{
	1:   (*libvirt.Libvirt).ConnectOpen,
	2:   (*libvirt.Libvirt).ConnectClose,
	4:   (*libvirt.Libvirt).ConnectGetVersion,
	7:   (*libvirt.Libvirt).ConnectGetCapabilities,
	14:  (*libvirt.Libvirt).DomainGetXMLDesc,
	15:  (*libvirt.Libvirt).DomainGetAutostart,
	16:  (*libvirt.Libvirt).DomainGetInfo,
	23:  (*libvirt.Libvirt).DomainLookupByName,
	24:  (*libvirt.Libvirt).DomainLookupByUUID,
	28:  (*libvirt.Libvirt).DomainResume,
	29:  (*libvirt.Libvirt).DomainSetAutostart,
	34:  (*libvirt.Libvirt).DomainSuspend,
	43:  (*libvirt.Libvirt).NetworkGetXMLDesc,
	59:  (*libvirt.Libvirt).ConnectGetHostname,
	60:  (*libvirt.Libvirt).ConnectSupportsFeature,
	66:  (*libvirt.Libvirt).AuthList,
	70:  (*libvirt.Libvirt).AuthPolkit,
	76:  (*libvirt.Libvirt).StoragePoolCreateXML,
	80:  (*libvirt.Libvirt).StoragePoolDestroy,
	83:  (*libvirt.Libvirt).StoragePoolRefresh,
	87:  (*libvirt.Libvirt).StoragePoolGetInfo,
	88:  (*libvirt.Libvirt).StoragePoolGetXMLDesc,
	93:  (*libvirt.Libvirt).StorageVolCreateXML,
	94:  (*libvirt.Libvirt).StorageVolDelete,
	95:  (*libvirt.Libvirt).StorageVolLookupByName,
	97:  (*libvirt.Libvirt).StorageVolLookupByPath,
	98:  (*libvirt.Libvirt).StorageVolGetInfo,
	99:  (*libvirt.Libvirt).StorageVolGetXMLDesc,
	113: (*libvirt.Libvirt).NodeDeviceLookupByName,
	142: (*libvirt.Libvirt).SecretDefineXML,
	143: (*libvirt.Libvirt).SecretGetXMLDesc,
	146: (*libvirt.Libvirt).SecretUndefine,
	151: (*libvirt.Libvirt).DomainIsPersistent,
	157: (*libvirt.Libvirt).ConnectGetLibVersion,
	158: (*libvirt.Libvirt).ConnectCompareCPU,
	164: (*libvirt.Libvirt).DomainAbortJob,
	166: (*libvirt.Libvirt).DomainMigrateSetMaxDowntime,
	175: (*libvirt.Libvirt).NwfilterLookupByName,
	182: (*libvirt.Libvirt).DomainManagedSave,
	183: (*libvirt.Libvirt).DomainHasManagedSaveImage,
	194: (*libvirt.Libvirt).DomainGetBlockInfo,
	196: (*libvirt.Libvirt).DomainCreateWithFlags,
	207: (*libvirt.Libvirt).DomainMigrateSetMaxSpeed,
	212: (*libvirt.Libvirt).DomainGetState,
	227: (*libvirt.Libvirt).NodeGetCPUStats,
	228: (*libvirt.Libvirt).NodeGetMemoryStats,
	229: (*libvirt.Libvirt).DomainGetControlInfo,
	238: (*libvirt.Libvirt).DomainGetBlockJobInfo,
	258: (*libvirt.Libvirt).DomainShutdownFlags,
	264: (*libvirt.Libvirt).DomainSetMetadata,
	265: (*libvirt.Libvirt).DomainGetMetadata,
	273: (*libvirt.Libvirt).ConnectListAllDomains,
	281: (*libvirt.Libvirt).ConnectListAllStoragePools,
	282: (*libvirt.Libvirt).StoragePoolListAllVolumes,
	283: (*libvirt.Libvirt).ConnectListAllNetworks,
	284: (*libvirt.Libvirt).ConnectListAllInterfaces,
	285: (*libvirt.Libvirt).ConnectListAllNodeDevices,
	287: (*libvirt.Libvirt).ConnectListAllSecrets,
	298: (*libvirt.Libvirt).DomainGetJobStats,
	300: (*libvirt.Libvirt).DomainMigrateSetCompressionCache,
	302: (*libvirt.Libvirt).DomainMigrateBegin3Params,
	303: (*libvirt.Libvirt).DomainMigratePrepare3Params,
	305: (*libvirt.Libvirt).DomainMigratePerform3Params,
	306: (*libvirt.Libvirt).DomainMigrateFinish3Params,
	307: (*libvirt.Libvirt).DomainMigrateConfirm3Params,
	340: (*libvirt.Libvirt).NodeGetFreePages,
	342: (*libvirt.Libvirt).ConnectGetDomainCapabilities,
	344: (*libvirt.Libvirt).ConnectGetAllDomainStats,
	364: (*libvirt.Libvirt).DomainMigrateStartPostCopy,
	387: (*libvirt.Libvirt).DomainMigrateGetMaxDowntime,
	393: (*libvirt.Libvirt).ConnectCompareHypervisorCPU,
	411: (*libvirt.Libvirt).DomainCheckpointCreateXML,
	412: (*libvirt.Libvirt).DomainCheckpointGetXMLDesc,
	413: (*libvirt.Libvirt).DomainListAllCheckpoints,
	427: (*libvirt.Libvirt).DomainStartDirtyRateCalc,
	449: (*libvirt.Libvirt).DomainGetAutostartOnce,
	450: (*libvirt.Libvirt).DomainSetAutostartOnce,
}

// replies are the layouts of the replies to calls.
var replies = func() map[uint32]layout {
	layouts := map[uint32]layout{}
	for procedure, method := range procedures {
		layouts[procedure] = resultsOf(reflect.TypeOf(method))
	}
	return layouts
}()

// resultsOf is the layout of what a method returns, but for its error.
func resultsOf(method reflect.Type) layout {
	var results sequence
	for i := range method.NumOut() - 1 {
		results = append(results, layoutOf(method.Out(i)))
	}
	return results
}

// remoteError is the beginning of a remote_error, as far as the library decodes it.
var remoteError = layoutOf(reflect.TypeFor[struct {
	Code, Domain, MessageGiven uint32
	Message                    string
	Level                      uint32
}]())

// checkReply checks that a reply holds all that the library will decode of it. The
// library allocates as many elements as a count claims before it reads the first one:
// gigabytes for a reply of 40 bytes.
func checkReply(h header, payload []byte) error {
	var whole bool
	switch h.status {
	case statusOK:
		whole = holds(replies[h.procedure], payload)
	case statusError:
		// The library decodes a refusal with the code VIR_ERR_OK as a result.
		whole = holds(remoteError, payload) && (binary.BigEndian.Uint32(payload) != 0 || holds(replies[h.procedure], payload))
	default:
		return &ProtocolError{Reason: fmt.Sprintf("unknown reply status %d", h.status)}
	}
	if !whole {
		return &ProtocolError{Reason: fmt.Sprintf("truncated reply (procedure %d)", h.procedure)}
	}
	return nil
}
