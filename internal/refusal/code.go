package refusal

// Domain is the part of libvirt that an error comes from, as in virErrorDomain.
type Domain int

// The domains of libvirt's virterror.h that the table names.
const (
	fromNone      Domain = 0
	fromRPC       Domain = 7
	fromQEMU      Domain = 10
	fromStorage   Domain = 18
	fromNetwork   Domain = 19
	fromDomain    Domain = 20
	fromSecurity  Domain = 24
	fromCPU       Domain = 31
	fromLocking   Domain = 42
	fromURI       Domain = 45
	fromLockSpace Domain = 51
	// anywhere is any domain: several parts of libvirt refuse the same in the same way.
	anywhere Domain = -1
)

// Code is the number of an error, as in virErrorNumber.
type Code int

// The codes of libvirt's virterror.h that the table names.
const (
	internalError        Code = 1
	noMemory             Code = 2
	noSupport            Code = 3
	noConnect            Code = 5
	invalidArg           Code = 8
	operationFailed      Code = 9
	operationDenied      Code = 29
	systemError          Code = 38
	rpcError             Code = 39
	gnutlsError          Code = 40
	noDomain             Code = 42
	noNetwork            Code = 43
	authFailed           Code = 45
	noStoragePool        Code = 49
	noStorageVol         Code = 50
	noNodeDevice         Code = 53
	noSecurityModel      Code = 54
	operationInvalid     Code = 55
	noNWFilter           Code = 62
	buildFirewall        Code = 63
	noSecret             Code = 66
	configUnsupported    Code = 67
	operationTimeout     Code = 68
	migratePersistFailed Code = 69
	hookScriptFailed     Code = 70
	argumentUnsupported  Code = 74
	operationAborted     Code = 78
	authCancelled        Code = 79
	migrateUnsafe        Code = 81
	overflow             Code = 82
	operationUnsupported Code = 84
	ssh                  Code = 85
	resourceBusy         Code = 87
	accessDenied         Code = 88
	cpuIncompatible      Code = 91
	authUnavailable      Code = 94
	libssh               Code = 98
	deviceMissing        Code = 99
	// anyCode is any code: several come with the same words.
	anyCode Code = -1
)
