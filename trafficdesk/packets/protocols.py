"""The protocols that are recognised, and the short name a person reads for each."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Protocol(IntEnum):
    """The top-most protocol recognised; `PROTOCOL_NAMES` holds the short name a person reads (Wireshark's)."""

    UNKNOWN = 0
    ETHERNET = 1
    LLC = 2
    STP = 3
    LLDP = 4
    EAPOL = 5
    PPPOE = 6
    PPP = 7
    ARP = 10
    RARP = 11
    IPV4 = 12
    IPV6 = 13
    ICMP = 20
    ICMPV6 = 21
    IGMP = 22
    TCP = 23
    UDP = 24
    SCTP = 25
    DCCP = 26
    UDPLITE = 27
    GRE = 28
    ESP = 29
    AH = 30
    OSPF = 31
    PIM = 32
    VRRP = 33
    IPIP = 34
    HIP = 35
    DNS = 100
    MDNS = 101
    LLMNR = 102
    TLS = 103
    HTTP = 104
    DHCP = 105
    DHCPV6 = 106
    QUIC = 107
    NTP = 108
    SSH = 109
    SSDP = 110
    NBNS = 111
    SMB = 112
    SMTP = 113
    FTP = 114
    IMAP = 115
    POP = 116
    TELNET = 117
    SNMP = 118
    STUN = 119
    SIP = 120
    RTP = 121
    MQTT = 122
    MODBUS = 123
    LDAP = 124
    KERBEROS = 125
    RDP = 126
    BGP = 127
    SYSLOG = 128
    TFTP = 129
    RADIUS = 130
    ISAKMP = 131
    BITTORRENT = 132
    NBDS = 133
    NBSS = 134
    IRC = 135
    MYSQL = 136
    WIREGUARD = 137
    DTLS = 138
    RTCP = 139
    RTSP = 140
    SMB2 = 141
    CLDAP = 142
    FTP_DATA = 143
    VNC = 144
    OPENVPN = 145
    POSTGRESQL = 146
    REDIS = 147
    XMPP = 148
    AMQP = 149
    COAP = 150
    DB_LSP_DISC = 151
    SRVLOC = 152
    PTP = 153
    RIP = 154
    RIPNG = 155
    HSRP = 156
    BFD = 157
    DNP3 = 158
    OPCUA = 159
    SOCKS = 160
    RPC = 161
    GQUIC = 230
    FIX = 231
    NFS = 232
    VXLAN = 233
    GTP = 234
    SYNCHROPHASOR = 235
    OMRON = 236
    BABEL = 237
    MEGACO = 238
    BACNET = 239
    ENIP = 240
    SFLOW = 241
    COLLECTD = 242
    RX = 243
    TPLINK = 244
    WLAN = 400
    MACSEC = 401
    FRAME_RELAY = 402
    ARCNET = 403
    TOKEN_RING = 404
    FDDI = 405
    CLNP = 406
    ESIS = 407
    ISIS = 408
    ISIS_HELLO = 409
    ISIS_LSP = 410
    ISIS_CSNP = 411
    ISIS_PSNP = 412
    EAP = 413
    AOE = 414
    DEC_DNA = 415
    GEONETWORKING = 416
    LACP = 417
    SLOW = 418
    OAM = 419
    REALTEK = 420
    TIPC = 421
    LOOP = 422
    PROFINET = 423
    ETHERCAT = 424
    GOOSE = 425
    SAMPLED_VALUES = 426
    CFM = 427
    WAKE_ON_LAN = 428
    FCOE = 429
    FIP = 430
    HOMEPLUG = 431
    HOMEPLUG_AV = 432
    IPX = 433
    IPX_RIP = 434
    IPX_SAP = 435
    NBIPX = 436
    NMPI = 437
    NETBIOS = 438
    DDP = 439
    AARP = 440
    MOP = 441
    LAT = 442
    BATMAN = 443
    IEEE1905 = 444
    CDP = 445
    VTP = 446
    DTP = 447
    UDLD = 448
    PAGP = 449
    EDP = 450
    VINES = 451
    SNA = 452
    SLARP = 453
    MSTP = 454
    LCP = 455
    IPCP = 456
    IPV6CP = 457
    CCP = 458
    PAP = 459
    CHAP = 460
    MPLS = 461
    USB = 462
    BLUETOOTH = 463
    VSOCK = 464
    RDMA = 465
    MSRP = 466
    NDP = 499
    MVRP = 467
    PGM = 468
    EIGRP = 469
    IPCOMP = 470
    L2TP3 = 471
    RSVP = 472
    IGRP = 473
    EGP = 474
    ETHERIP = 475
    TEREDO = 476
    GENEVE = 477
    ERSPAN = 478
    NHRP = 479
    SHIM6 = 481
    MOBILE_IPV6 = 482
    MANET = 485
    UFTP = 500
    HISLIP = 501
    COTP = 503
    S7COMM = 504
    S7COMM_PLUS = 505
    IAX2 = 506
    HART_IP = 507
    AMS = 508
    TDS = 509
    IEC104 = 510
    ESIO = 511
    KAFKA = 512
    OICQ = 513
    SKINNY = 514
    ELASTICSEARCH = 515
    DRDA = 516
    MGCP = 517
    LISP = 518
    LISP_DATA = 519
    H225 = 520
    SBUS = 521
    NNTP = 522
    NAT_PMP = 523
    WOW = 524
    RSYNC = 525
    GIT = 526
    KISMET = 527
    RSH = 528
    TNS = 529
    ICQ = 530
    LUSTRE = 531
    PFCP = 532
    DIAMETER = 533
    OPENFLOW = 534
    BJNP = 535
    RTMP = 536
    C1222 = 537
    NETFLOW = 538
    RMI = 539
    Z3950 = 540
    LDP = 541
    BFD_ECHO = 542
    XDMCP = 543
    CAPWAP = 544
    CAPWAP_DATA = 545
    LWAPP = 546
    STEAM = 547
    EGD = 548
    MNDP = 549
    AJP = 550
    WHOIS = 551
    FINGER = 552
    DLEP = 553
    CIP_IO = 554
    AFP = 555
    RMCP = 556
    KNX = 557
    CQL = 558
    GEARMAN = 559
    MEMCACHED = 560
    GNUTELLA = 561
    BITCOIN = 562
    DCERPC = 563
    RAKNET = 564
    THRIFT = 566
    RTPS = 567
    CEPH = 568
    OPENWIRE = 569
    GIOP = 570
    TIVO = 571
    OLSR = 572
    CPHA = 573
    DAYTIME = 574
    TIME = 575
    ECHO = 576
    DISCARD = 577
    CHARGEN = 578
    RLOGIN = 579
    EXEC = 580
    LPD = 581
    WHO = 582
    BIFF = 583
    TACACS_PLUS = 584
    TACACS = 585
    GOPHER = 586
    WINS = 587
    MSDP = 588
    LLRP = 589
    STOMP = 590
    MONGODB = 591
    COUCHBASE = 592
    BEANSTALK = 593
    WEBSOCKET = 594
    HTTP2 = 595
    ZABBIX = 596
    TEAMSPEAK2 = 597
    X11 = 599
    ICAP = 601
    MSN = 602
    AIM = 604
    SOMEIP = 605
    DOIP = 606
    PN_CM = 608
    NTS = 610
    ISCSI = 611
    NBD = 612
    NVME_TCP = 613
    BOLT = 615
    SAP = 617
    DISTCC = 618
    PULSAR = 619
    NATS = 620
    EPMD = 621
    L2TP = 623
    PPTP = 624
    AFS = 640
    BACNET_APDU = 641
    CIP = 642
    BROWSER = 643
    BT_DHT = 644


PROTOCOL_NAMES: Final[dict[Protocol, str]] = {
    **{protocol: protocol.name for protocol in Protocol},
    Protocol.UNKNOWN: "Unknown",
    Protocol.ETHERNET: "Ethernet",
    Protocol.IPV4: "IPv4",
    Protocol.IPV6: "IPv6",
    Protocol.ICMPV6: "ICMPv6",
    Protocol.IPIP: "IPv4",
    Protocol.MDNS: "mDNS",
    Protocol.DHCPV6: "DHCPv6",
    Protocol.SSH: "SSH",
    Protocol.KERBEROS: "KRB5",
    Protocol.MODBUS: "Modbus/TCP",
    Protocol.BITTORRENT: "BitTorrent",
    Protocol.SYSLOG: "Syslog",
    Protocol.WIREGUARD: "WireGuard",
    Protocol.MYSQL: "MySQL",
    Protocol.PPPOE: "PPPoE",
    Protocol.TELNET: "TELNET",
    Protocol.FTP_DATA: "FTP-DATA",
    Protocol.OPENVPN: "OpenVPN",
    Protocol.POSTGRESQL: "PGSQL",
    Protocol.REDIS: "RESP",
    Protocol.COAP: "CoAP",
    Protocol.DB_LSP_DISC: "DB-LSP-DISC",
    Protocol.RIPNG: "RIPng",
    Protocol.DNP3: "DNP 3.0",
    Protocol.OPCUA: "OpcUa",
    Protocol.SOCKS: "Socks",
    Protocol.BFD: "BFD Control",
    Protocol.BABEL: "Babel",
    Protocol.BACNET: "BACnet",
    Protocol.SFLOW: "sFlow",
    Protocol.COLLECTD: "collectd",
    Protocol.AFS: "AFS (RX)",
    Protocol.BACNET_APDU: "BACnet-APDU",
    Protocol.BT_DHT: "BT-DHT",
    Protocol.TPLINK: "TPLINK-SMARTHOME/JSON",
    Protocol.WLAN: "802.11",
    Protocol.FRAME_RELAY: "FR",
    Protocol.TOKEN_RING: "Token-Ring",
    Protocol.ISIS_HELLO: "ISIS HELLO",
    Protocol.ISIS_LSP: "ISIS LSP",
    Protocol.ISIS_CSNP: "ISIS CSNP",
    Protocol.ISIS_PSNP: "ISIS PSNP",
    Protocol.AOE: "AoE",
    Protocol.DEC_DNA: "DEC DNA",
    Protocol.GEONETWORKING: "GEONW",
    Protocol.SLOW: "Slow Protocols",
    Protocol.REALTEK: "Realtek",
    Protocol.PROFINET: "PNIO",
    Protocol.ETHERCAT: "ECAT",
    Protocol.SAMPLED_VALUES: "IEC61850 Sampled Values",
    Protocol.WAKE_ON_LAN: "WOL",
    Protocol.FCOE: "FCoE",
    Protocol.HOMEPLUG: "HomePlug",
    Protocol.HOMEPLUG_AV: "HomePlug AV",
    Protocol.IPX_RIP: "IPX RIP",
    Protocol.IPX_SAP: "IPX SAP",
    Protocol.NETBIOS: "NetBIOS",
    Protocol.MOP: "MOP RC",
    Protocol.BATMAN: "BATADV",
    Protocol.IEEE1905: "ieee1905",
    Protocol.MSTP: "BACnet",
    Protocol.LCP: "PPP LCP",
    Protocol.IPCP: "PPP IPCP",
    Protocol.IPV6CP: "PPP IPV6CP",
    Protocol.CCP: "PPP CCP",
    Protocol.PAP: "PPP PAP",
    Protocol.CHAP: "PPP CHAP",
    Protocol.BLUETOOTH: "HCI",
    Protocol.VSOCK: "vSocket",
    Protocol.RDMA: "RRoCE",
    Protocol.MSRP: "MRP-MSRP",
    Protocol.MVRP: "MRP-MVRP",
    Protocol.IPCOMP: "IPComp",
    Protocol.L2TP3: "L2TPv3",
    Protocol.TEREDO: "Teredo",
    Protocol.GENEVE: "Geneve",
    Protocol.SHIM6: "Shim6",
    Protocol.MOBILE_IPV6: "MIPv6",
    Protocol.HISLIP: "HiSLIP",
    Protocol.S7COMM_PLUS: "S7COMM-PLUS",
    Protocol.IEC104: "IEC 60870-5-104",
    Protocol.KAFKA: "Kafka",
    Protocol.ELASTICSEARCH: "Elasticsearch",
    Protocol.LISP_DATA: "LISP",
    Protocol.H225: "H.225.0",
    Protocol.SBUS: "S-Bus",
    Protocol.NAT_PMP: "NAT-PMP",
    Protocol.GIT: "Git",
    Protocol.KISMET: "kismet",
    Protocol.LUSTRE: "Lustre",
    Protocol.OPENFLOW: "OpenFlow",
    Protocol.C1222: "ANSI C12.22",
    Protocol.NETFLOW: "CFLOW",
    Protocol.Z3950: "Z39.50",
    Protocol.BFD_ECHO: "BFD Echo",
    Protocol.CAPWAP: "CAPWAP-Control",
    Protocol.CAPWAP_DATA: "CAPWAP-Data",
    Protocol.STEAM: "STEAMDISCOVER",
    Protocol.AJP: "AJP13",
    Protocol.CIP_IO: "CIP I/O",
    Protocol.KNX: "KNXnet/IP",
    Protocol.GEARMAN: "Gearman",
    Protocol.MEMCACHED: "MEMCACHE",
    Protocol.GNUTELLA: "Gnutella",
    Protocol.BITCOIN: "Bitcoin",
    Protocol.RAKNET: "RakNet",
    Protocol.CEPH: "Ceph",
    Protocol.OPENWIRE: "OpenWire",
    Protocol.TIVO: "TiVoConnect",
    Protocol.OLSR: "OLSR v1",
    Protocol.CHARGEN: "Chargen",
    Protocol.RLOGIN: "Rlogin",
    Protocol.TACACS_PLUS: "TACACS+",
    Protocol.GOPHER: "Gopher",
    Protocol.WINS: "WINS-Replication",
    Protocol.STOMP: "Stomp",
    Protocol.MONGODB: "MONGO",
    Protocol.COUCHBASE: "Couchbase",
    Protocol.BEANSTALK: "Beanstalk",
    Protocol.WEBSOCKET: "WebSocket",
    Protocol.ZABBIX: "Zabbix",
    Protocol.TEAMSPEAK2: "TeamSpeak2",
    Protocol.MSN: "MSNMS",
    Protocol.SOMEIP: "SOME/IP",
    Protocol.DOIP: "DoIP",
    Protocol.PN_CM: "PNIO-CM",
    Protocol.NTS: "NTS-KE",
    Protocol.ISCSI: "iSCSI",
    Protocol.NVME_TCP: "NVMe/TCP",
    Protocol.BOLT: "Bolt",
    Protocol.PULSAR: "Pulsar",
}
"""Short names, as Wireshark's protocol column has them."""


def protocol_name(number: int) -> str:
    """Short name of a `Protocol` value."""
    try:
        return PROTOCOL_NAMES[Protocol(number)]
    except ValueError:
        return PROTOCOL_NAMES[Protocol.UNKNOWN]
