#!/usr/bin/perl
# An SMSC on Perl's Net::SMPP:   perl net-smpp-smsc.pl PORT
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Lines qw(encode_text decode_text header_of printed serve);
use Net::SMPP;

use constant { UDHI => 0x40, RECEIPT => 0x04 };

my %mode = (
    Net::SMPP::CMD_bind_transceiver, 'transceiver',
    Net::SMPP::CMD_bind_transmitter, 'transmitter',
    Net::SMPP::CMD_bind_receiver,    'receiver',
);
my (%links, %tags);
my %answer = (status => 0, times => 0);
my $submits = 0;

sub address {
    my ($from, $to) = @_;
    my $letters = $from =~ /[A-Z]/;
    return (
        source_addr_ton => $letters ? 5 : 1,
        source_addr_npi => $letters ? 0 : 1,
        source_addr => $from,
        dest_addr_ton => length $to > 8 ? 1 : 0,
        dest_addr_npi => 1,
        destination_addr => $to,
        async => 1,
    );
}

sub sar {
    my ($reference, $total, $number) = @_;
    return (
        sar_msg_ref_num => pack('n', $reference),
        sar_total_segments => pack('C', $total),
        sar_segment_seqnum => pack('C', $number),
    );
}

my %commands = (
    deliver => sub {
        my ($c) = @_;
        my $header = $c->{udh} ? pack 'C*', 5, 0, 3, @{ $c->{udh} } : '';
        my $seq = $links{ $c->{link} }->deliver_sm(
            address($c->{from}, $c->{to}),
            esm_class => $c->{udh} ? UDHI : 0,
            data_coding => $c->{coding},
            $c->{payload} ? 'message_payload' : 'short_message', $header . encode_text($c->{coding}, $c->{text}),
            $c->{sar} ? sar(@{ $c->{sar} }) : (),
        );
        $tags{"$c->{link}/$seq"} = $c->{tag};
    },
    receipt => sub {
        my ($c) = @_;
        my @tlvs = $c->{tlv} ? (receipted_message_id => "$c->{tlv}\0", message_state => pack('C', 2)) : ();
        my $seq = $links{ $c->{link} }->deliver_sm(
            address($c->{from}, $c->{to}),
            esm_class => RECEIPT,
            short_message => $c->{text},
            @tlvs,
        );
        $tags{"$c->{link}/$seq"} = $c->{tag};
    },
    answer => sub { %answer = (status => $_[0]{status}, times => $_[0]{times}) },
    enquire_link => sub { $links{ $_[0]{link} }->enquire_link(async => 1) },
    unbind => sub { $links{ $_[0]{link} }->unbind(async => 1) },
);

sub submit {
    my ($link, $session, $pdu) = @_;
    my $status = $answer{times}-- > 0 ? $answer{status} : 0;
    $submits++;
    my $id = $status ? '' : "b0$submits";
    my ($udh, $octets) = header_of($pdu->{esm_class} & UDHI, $pdu->{short_message});
    printed(
        'submit_sm',
        link => $link,
        status => $status,
        id => $id,
        from => $pdu->{source_addr},
        to => $pdu->{destination_addr},
        coding => $pdu->{data_coding},
        registered_delivery => $pdu->{registered_delivery},
        udh => $udh,
        text => decode_text($pdu->{data_coding}, $octets),
    );
    $session->submit_sm_resp(seq => $pdu->{seq}, status => $status, message_id => $id);
}

# What a link has sent; false where it is to be closed.
sub receive {
    my ($link, $session, $pdu) = @_;
    my $cmd = $pdu->{cmd};
    if ($mode{$cmd}) {
        my $respond = "bind_$mode{$cmd}_resp";
        $session->$respond(seq => $pdu->{seq}, system_id => 'net-smpp');
        printed('bind', link => $link, mode => $mode{$cmd}, map { $_ => $pdu->{$_} } qw(system_id password));
    } elsif ($cmd == Net::SMPP::CMD_submit_sm) {
        submit($link, $session, $pdu);
    } elsif ($cmd == Net::SMPP::CMD_deliver_sm_resp) {
        printed('deliver_sm_resp', link => $link, tag => $tags{"$link/$pdu->{seq}"}, status => $pdu->{status});
    } elsif ($cmd == Net::SMPP::CMD_enquire_link) {
        $session->enquire_link_resp(seq => $pdu->{seq});
    } elsif ($cmd == Net::SMPP::CMD_enquire_link_resp) {
        printed('enquire_link_resp', link => $link);
    } elsif ($cmd == Net::SMPP::CMD_unbind) {
        $session->unbind_resp(seq => $pdu->{seq});
        printed('unbind', link => $link);
        return 0;
    } elsif ($cmd == Net::SMPP::CMD_unbind_resp) {
        printed('unbind_resp', link => $link, status => $pdu->{status});
        return 0;
    } else {
        printed('error', link => $link, message => "command $cmd");
    }
    return 1;
}

my $listener = Net::SMPP->new_listen('127.0.0.1', port => $ARGV[0]) or die "cannot listen: $!";
printed('listening', stack => "Net::SMPP $Net::SMPP::VERSION");
serve(\%links, \%commands, \&receive, $listener);
